"""What is done when somebody asks to be forgotten: they are looked for and removed, again and again."""
