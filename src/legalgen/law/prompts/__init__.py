"""The prompts: prose in files beside the code that fills it, menus of authorities, seeds."""
