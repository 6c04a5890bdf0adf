import PareGraph
import PareTensor

extension OperatorCases {
  static let indexing: [OperatorCase] = []
}
