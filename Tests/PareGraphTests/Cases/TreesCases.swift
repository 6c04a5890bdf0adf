import PareGraph
import PareTensor

extension OperatorCases {
  static let trees: [OperatorCase] = []
}
