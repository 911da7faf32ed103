"""The contenders, a module each; `contender(course)` makes one."""
