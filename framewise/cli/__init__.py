"""The command line `framewise`: the client for people, a module a group of commands."""
