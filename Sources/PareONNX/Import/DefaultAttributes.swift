import PareGraph

extension ONNXNode {
  /// Attributes that say what is the case without them, where an operator does not know them: writers put them there.
  private static let defaults: [String: Set<Attribute>] = [
    "allowzero": [.int(0)], "block_size": [.int(0)], "ceil_mode": [.int(0)], "layout": [.int(0)],
    "noop_with_empty_axes": [.int(0)], "output_dtype": [.int(0)], "precision": [.int(0)], "round_mode": [.string("up")],
    "saturate": [.int(1)], "stash_type": [.int(1)], "storage_order": [.int(0)], "training_mode": [.int(0)],
  ]

  /// Leaves out attributes at their defaults that the operator does not have.
  mutating func dropDefaults(notAmong names: [String]) {
    attributes = attributes.filter { name, value in names.contains(name) || Self.defaults[name]?.contains(value) != true }
  }
}
