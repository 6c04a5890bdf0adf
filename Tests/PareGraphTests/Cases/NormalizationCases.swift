import PareGraph
import PareTensor

extension OperatorCases {
  static let normalization: [OperatorCase] = []
}
