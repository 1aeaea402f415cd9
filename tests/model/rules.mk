# The model of the protocol by which frames change their types: docs/hacking.md tells what it shows. `make test` runs it too,
# as the host test model_types, with fewer operations.

.PHONY: model
model: $(B)/host/test_model_types ## explore all interleavings of the page-type protocol, further than `make test` does: minutes
	@MODEL_LONG=1 $< -s
