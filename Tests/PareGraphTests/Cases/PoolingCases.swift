import PareGraph
import PareTensor

extension OperatorCases {
  static let pooling: [OperatorCase] = []
}
