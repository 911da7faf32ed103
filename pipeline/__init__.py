"""The language that all parts share: frames, results, videos, settings, topics and stores."""
