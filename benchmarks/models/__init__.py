"""What a frame costs inside the models: by task, by stage, and beside another state of the code."""
