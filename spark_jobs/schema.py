"""Owns the columns between the workers and the driver."""

from pyspark.sql.types import StringType, StructField, StructType

OUTCOME = StructType([StructField("video_id", StringType())])
"""What is said of one record once its outcome is kept: whose frame it was; null for a record that was set aside."""
