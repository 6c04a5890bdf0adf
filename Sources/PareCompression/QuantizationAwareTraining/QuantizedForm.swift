import PareGraph
import PareTraining

/// A model as it is trained under rounding, and what is made of it afterwards.
protocol QuantizedForm {
  /// What is trained.
  var graph: Graph { get }
  /// Names of the parameters that are the logarithms of learned scales.
  var logarithms: [String] { get }
  /// The graph that is stored and runs.
  ///
  /// - Parameter trained: `graph` after training.
  /// - Throws: `CompressionError` `compression.non-finite-value` where something is no longer a number.
  func deployed(_ trained: Graph) throws -> Graph
  /// What became of each selected layer.
  ///
  /// - Parameters:
  ///   - graph: as deployed.
  ///   - manner: in a word how its weights came about.
  func reports(of graph: Graph, manner: String) -> [LayerReport]
}
