import PareGraph
import PareTensor

extension OperatorCases {
  static let logic: [OperatorCase] = []
}
