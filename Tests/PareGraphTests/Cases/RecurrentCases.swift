import PareGraph
import PareTensor

extension OperatorCases {
  static let recurrent: [OperatorCase] = []
}
