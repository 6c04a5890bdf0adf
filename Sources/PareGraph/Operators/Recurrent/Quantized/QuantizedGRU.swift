import PareTensor

/// A gated recurrent unit on integers: its state in `int16`, and as bytes for the products. Its evaluation is the
/// definition that every instruction set and export must equal bit for bit: `docs/integer-arithmetic.md`, §8, §9, §11.
///
/// - Inputs, the first and the state aside constant; the gates in ONNX's order z, r, h: X `uint8 [steps, batch,
///   features]`, its zero point `uint8`, W `int8 [directions, 3·hidden, features]`, R `int8 [directions, 3·hidden,
///   hidden]`; for the products with X bias, multiplier, shift `int32 [directions, 3·hidden]`, for those with the state
///   the same; optionally the first state `int16 [directions, batch, hidden]`; one input that only `pare.QuantizedLSTM`
///   has; and for W and R, each by itself, block multipliers `uint8 [directions, 3·hidden, ⌈columns / block_size⌉]`, with
///   which the weights are `int4` (§15).
/// - Outputs: Y `uint8 [steps, directions, batch, hidden]`, optionally the last state `int16 [directions, batch,
///   hidden]`. A byte q of Y is `(q − 128) / state_levels`, a state s is `s · 2^−15`.
/// - Attributes: `state_levels` (1 … 32767, 128 by default), `direction`, `linear_before_reset` (1 by default, or 0),
///   `block_size` (32, 64 or 128; 32 by default).
/// - Throws, when prepared: `graph.accumulator-overflow` where an accumulator could leave Int32, `graph.gate-range`.
public enum QuantizedGRU: QuantizedRecurrentOperator {
  public static let name: OperatorName = "pare.QuantizedGRU"
  public static let inputCount = 10...14
  public static let outputCount = 1...2
  public static let attributeNames = ["state_levels", "direction", "linear_before_reset", "block_size"]
  static let gateCount = 3
  static let isLSTM = false

  static func check(_ node: Node) throws {
    guard node.input(QuantizedRecurrentInput.initialCell) == nil else {
      throw GraphError("input-count", node: node, expected: "no first cell, which a GRU lacks", found: "one")
    }
    _ = try node.resetsFirst
  }
}
