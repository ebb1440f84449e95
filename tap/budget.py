"""The monthly budget."""

from troposphere import Equals, Not, Sub, Template
from troposphere.budgets import Budget, BudgetData, Notification, NotificationWithSubscribers, Spend, Subscriber

from tap.alerts import Alerts
from tap.whole_numbers import add_whole_number


def add_budget(t: Template, alerts: Alerts) -> None:
    """Add a budget for resources with the environment's tag, unless the amount is 0.

    `Environment` must be activated as a cost allocation tag in the account:
    https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create-filters.html
    """
    amount = add_whole_number(
        t, "Alerts", "Monthly budget", "MonthlyBudget", 0, 0, 100000000,
        "USD per month; 0 for none. Alerts at 80 % spent and when the forecast exceeds the budget. Requires the cost "
        "allocation tag Environment to be activated in the billing console.")
    has_budget = t.add_condition("HasMonthlyBudget", Not(Equals(amount.ref(), "0")))
    t.add_resource(Budget(
        "Budget", Condition=has_budget,
        Budget=BudgetData(
            BudgetType="COST", TimeUnit="MONTHLY", BudgetLimit=Spend(Amount=amount.ref(), Unit="USD"),
            CostFilters={"TagKeyValue": [Sub("user:Environment$${Environment}")]}),
        NotificationsWithSubscribers=[NotificationWithSubscribers(
            Notification=Notification(
                NotificationType=kind, ComparisonOperator="GREATER_THAN", Threshold=percent),
            Subscribers=[Subscriber(SubscriptionType="SNS", Address=alerts.topic.ref())])
            for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))]))
