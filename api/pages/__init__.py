"""The pages for people who look: templates, static files, signing in."""
