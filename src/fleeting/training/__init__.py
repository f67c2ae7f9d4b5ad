"""What makes a classifier of any network: samples, the loop, weights on disk, ONNX."""
