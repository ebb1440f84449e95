"""The budget: what a month may cost before people are told."""

from troposphere import Equals, Not, Sub, Template
from troposphere.budgets import Budget, BudgetData, Notification, NotificationWithSubscribers, Spend, Subscriber

from tap.alerts import Alerts
from tap.whole_numbers import add_whole_number


def add_budget(t: Template, alerts: Alerts) -> None:
    """Add a budget of what carries the environment's tag; none where the amount is 0.

    The account's billing must have `Environment` as a cost allocation tag:
    https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-create-filters.html
    """
    amount = add_whole_number(
        t, "Alerts", "Monthly budget", "MonthlyBudget", 0, 0, 100000000,
        "USD per month; alerts at 80 % spent and when the forecast exceeds it; 0 for none. Counts nothing until the "
        "billing console has Environment activated as a cost allocation tag.")
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
