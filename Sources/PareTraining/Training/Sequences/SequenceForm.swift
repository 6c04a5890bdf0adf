import PareGraph
import PareTensor

/// A recurrent graph of a window as it is trained on a series: chunks of steps of several streams side by side, an answer
/// at every step, and states that go on from chunk to chunk.
///
/// The window's graph takes `[batch, steps, features]` through LSTM, GRU or RNN layers to what it makes of the last state.
/// Here that is made of the state of every step: a value `[batch, …]` behind the last layer becomes `[streams · steps, …]`,
/// the steps of a stream side by side. Layers begin with the states that the chunk before left, or with zeros where
/// `resets` is 1. Parameters keep their names, so that what is trained in this form is used in the other: in a stream
/// (`StreamingContext`) the answer of each row is what it was in training, whatever the length of the window.
///
/// Before the last layer an operator has to treat each step by itself; behind it anything is taken that treats each row of
/// a batch by itself.
public struct SequenceForm: Sendable {
  /// The input of Float32 `[streams]` that says which streams begin anew, by 1.
  public static let resets = "sequence.resets"

  /// The window's inputs with `[streams, steps, features]`, then `resets`; the window's outputs, of every step.
  public let graph: Graph
  /// The value that holds the states of the last layer, `[streams, steps, units]`.
  public let states: String
  /// The parameters that hold states, zeros as long as nothing is trained, and the values that they take after a chunk.
  let carried: [CarriedState]

  /// - Throws: `training.sequence`, naming the first node that is in the way; `GraphError` for a graph at fault.
  public init(_ window: Graph, streams: Int, steps: Int) throws {
    guard streams > 0, steps > 1 else {
      throw TrainingError(
        "sequence", subject: "sequence", expected: "a stream or more, of two steps or more",
        found: "\(streams) of \(steps)", category: .usage)
    }
    var walk = try SequenceWalk(window, streams: streams, steps: steps)
    for node in window.nodes { try walk.visit(node) }
    (graph, states, carried) = try walk.finish(window)
  }
}
