import PareGraph
import PareTensor

extension OperatorCases {
  static let attention: [OperatorCase] = []
}
