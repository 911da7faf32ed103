"""Answers to questions about a video's results, folded from digests bucket by bucket: summary and comparison."""
