import PareTensor

/// A long short-term memory on integers: h in bytes, the cell in `int16`, gates from a table. Its evaluation is the
/// definition that every instruction set and export must equal bit for bit: `docs/integer-arithmetic.md`, §8 to §10.
///
/// - Inputs, the first and the states aside constant; the gates in ONNX's order i, o, f, c: X `uint8 [steps, batch,
///   features]`, its zero point `uint8`, W `int8 [directions, 4·hidden, features]`, R `int8 [directions, 4·hidden,
///   hidden]`; for the products with X bias, multiplier, shift `int32 [directions, 4·hidden]`, for those with h the same;
///   optionally the first h `uint8` and c `int16 [directions, batch, hidden]`; and for W and R, each by itself, block
///   multipliers `uint8 [directions, 4·hidden, ⌈columns / block_size⌉]`, with which the weights are `int4` (§15).
/// - Outputs: Y `uint8 [steps, directions, batch, hidden]`, optionally the last h `uint8` and c `int16
///   [directions, batch, hidden]`. A byte q of h is `(q − 128) / state_levels`, a c is `c · 2^−cell_bits`.
/// - Attributes: `cell_bits` (7 … 14, 11 by default), `state_levels` (1 … 32767, 128 by default), `direction`,
///   `block_size` (32, 64 or 128; 32 by default).
/// - Throws, when prepared: `graph.accumulator-overflow` where an accumulator could leave Int32, `graph.gate-range`.
public enum QuantizedLSTM: QuantizedRecurrentOperator {
  public static let name: OperatorName = "pare.QuantizedLSTM"
  public static let inputCount = 10...14
  public static let outputCount = 1...3
  public static let attributeNames = ["cell_bits", "state_levels", "direction", "block_size"]
  static let gateCount = 4
  static let isLSTM = true

  static func check(_ node: Node) throws { _ = try node.cellBits }
}
