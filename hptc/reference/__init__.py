"""What hptc writes about itself: JSON Schemas, skeletons, scaffolds, and generated docs."""
