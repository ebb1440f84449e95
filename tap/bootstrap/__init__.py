"""The bootstrap stack, which an account needs once per region before `tap` can deploy."""
