import PareTensor

/// What is particular to one kind of recurrent layer: its gates, and what one step computes of them. The rest —
/// directions, layouts, lengths, products — is `RecurrentLayer`'s.
protocol RecurrentCell: Sendable {
  /// `LSTM`, `GRU`, `RNN`: the operator's name in ONNX.
  static var layerName: String { get }
  /// Matrices `[hidden, …]` that are stacked in W and R.
  static var gateCount: Int { get }
  /// The hidden state, and for an LSTM the cell.
  static var stateCount: Int { get }
  /// Attributes besides those that every recurrent layer has.
  static var ownAttributeNames: [String] { get }
  /// The functions f, g, h that ONNX takes by default.
  static var standardActivations: [RecurrentActivation.Function] { get }
  /// Whether the gradient needs more than the outputs, so that there is a form of the layer that keeps it.
  static var isTraced: Bool { get }
  /// The inputs' names in ONNX.
  static var inputNames: [String] { get }

  /// Vectors `[hidden]` that a step keeps for the gradient.
  static func traceCount(of node: Node) throws -> Int

  /// - Parameter activations: one direction's.
  init(_ node: Node, activations: [RecurrentActivation], limit: Double) throws

  /// Gates whose recurrent product is one with the hidden state itself; they come first.
  var plainGateCount: Int { get }

  /// From the products to the new state.
  func step<Scalar: FloatingPointElement>(_ step: RecurrentStep<Scalar>)

  /// From the gradient by the new state to those by the products and the old state.
  func gradient<Scalar: FloatingPointElement>(_ step: RecurrentStepGradient<Scalar>)
}

extension RecurrentCell {
  static var operatorName: OperatorName { OperatorName(layerName) }
  static var tracedName: OperatorName { OperatorName("Traced" + layerName, domain: "pare") }
  static var gradientName: OperatorName { OperatorName(layerName + "Gradient", domain: "pare") }

  static var attributeNames: [String] {
    ["activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size", "layout"]
      + ownAttributeNames
  }

  /// Y and the last states.
  static var outputCount: Int { 1 + stateCount }
}

/// Where the inputs of a recurrent layer stand; the last two are an LSTM's alone.
package enum RecurrentInput {
  package static let x = 0
  package static let w = 1
  package static let r = 2
  package static let b = 3
  package static let lengths = 4
  package static let initialStates = [5, 6]
  package static let peepholes = 7
}

/// The parameters of one direction.
struct RecurrentParameters<Scalar> {
  /// `[gates, hidden, features]`.
  let w: UnsafePointer<Scalar>
  /// `[gates, hidden, hidden]`.
  let r: UnsafePointer<Scalar>
  /// `[2, gates, hidden]`: to be added to the product with W, and to that with R.
  let b: UnsafePointer<Scalar>?
  /// `[3, hidden]`.
  let p: UnsafePointer<Scalar>?
}

/// One step of one sequence.
struct RecurrentStep<Scalar> {
  let hidden: Int
  let parameters: RecurrentParameters<Scalar>
  /// W·x + Wb and R·h + Rb, `[gates, hidden]` each; of the latter only the plain gates.
  let byInput: UnsafePointer<Scalar>
  let byState: UnsafeMutablePointer<Scalar>
  /// The hidden state before.
  let h: UnsafePointer<Scalar>
  /// The cell, to be replaced; of no meaning where there is none.
  let c: UnsafeMutablePointer<Scalar>
  /// What the gradient will read.
  let trace: UnsafeMutablePointer<Scalar>
  /// The hidden state after.
  let next: UnsafeMutablePointer<Scalar>
}

/// The gradient of one step of one sequence.
struct RecurrentStepGradient<Scalar> {
  let hidden: Int
  let parameters: RecurrentParameters<Scalar>
  let trace: UnsafePointer<Scalar>
  /// The states before the step, and the hidden state after it.
  let h: UnsafePointer<Scalar>
  let c: UnsafePointer<Scalar>
  let y: UnsafePointer<Scalar>
  /// The gradient by the hidden state after the step; replaced by the part of that by the one before which does not
  /// pass the plain gates' products.
  let dh: UnsafeMutablePointer<Scalar>
  /// The gradient by the cell after the step, replaced by that by the cell before.
  let dc: UnsafeMutablePointer<Scalar>
  /// The gradients by the products, biases included: `[gates, hidden]`.
  let byInput: UnsafeMutablePointer<Scalar>
  let byState: UnsafeMutablePointer<Scalar>
  /// To be added to, where wanted: R of gates that are not plain, and peepholes.
  let dr: UnsafeMutablePointer<Scalar>?
  let dp: UnsafeMutablePointer<Scalar>?
}
