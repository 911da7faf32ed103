"""From a source file to upright JPEG frames, in a child process with limits that can reach nothing else."""
