import PareGraph
import PareTensor

extension OperatorCases {
  static let convolution: [OperatorCase] = []
}
