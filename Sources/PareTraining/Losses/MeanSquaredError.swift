import PareGraph
import PareTensor

/// The mean of squared differences over all elements of a batch.
///
/// - Shapes: prediction and target alike.
public struct MeanSquaredError: Loss {
  /// The value that holds the prediction.
  public var prediction: String
  /// The input that holds the target; added to the graph.
  public var target: String

  public init(prediction: String, target: String = "target") {
    self.prediction = prediction
    self.target = target
  }

  public func append(to builder: inout GraphBuilder) throws -> String {
    let target = try builder.requiredInput(target, builder.type(of: prediction))
    let difference = try builder.apply("Sub", [prediction, target])
    return try builder.mean(builder.apply("Mul", [difference, difference]))
  }
}
