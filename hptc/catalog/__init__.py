"""What AWS publishes: images, algorithms, instance types, prefix lists, prices."""
