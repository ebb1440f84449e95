"""What an account needs once a region before `tap` deploys into it: the template, and the command that deploys it."""
