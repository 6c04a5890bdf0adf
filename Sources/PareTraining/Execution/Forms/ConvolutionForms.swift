import CPareKernels
import PareGraph
import PareTensor

/// Convolutions by direct kernels over packed planes (`PackedPlanes`).
///
/// Bound: `|ŷ − y| ≤ γ_{K+1} · (Σ |w| · |x| + |b|)` over the K terms of an element's sum, each a fused multiply-add; for
/// the gradient by the weights K counts the positions of all samples.
enum ConvolutionForms {
  static func convolution<Convolution: ConvolutionOperator>(_: Convolution.Type) -> FastForm {
    { try forward(Convolution.self, $0, $1, appliesRelu: false) }
  }

  /// Conv or ConvTranspose, with a Relu behind it if asked.
  static func forward<Convolution: ConvolutionOperator>(
    _: Convolution.Type, _ context: PreparationContext, _ kernels: TrainingKernels, appliesRelu: Bool
  ) throws -> Evaluation? {
    guard context.isFloat32 else { return nil }
    let problem = try Convolution.problem(context.node, x: context.input(0).shape, w: context.input(1).shape)
    let hasBias = context.has(2)
    if Convolution.gathers {
      guard let gathering = PackedGathering(problem, kernels, appliesRelu: appliesRelu) else { return nil }
      return { gathering.run(wide: $0.input(0), weights: $0.input(1), bias: hasBias ? $0.input(2) : nil, narrow: $0.output()) }
    }
    guard let scattering = PackedScattering(problem, kernels, appliesRelu: appliesRelu) else { return nil }
    return { scattering.run(narrow: $0.input(0), weights: $0.input(1), bias: hasBias ? $0.input(2) : nil, wide: $0.output()) }
  }

  /// Inputs: dY, W and X.
  static func inputGradient<Convolution: ConvolutionOperator>(_: Convolution.Type) -> FastForm {
    { context, kernels in
      guard context.isFloat32 else { return nil }
      let problem = try Convolution.problem(context.node, x: context.input(2).shape, w: context.input(1).shape)
      if Convolution.gathers {
        guard let scattering = PackedScattering(problem, kernels, appliesRelu: false) else { return nil }
        return { scattering.run(narrow: $0.input(0), weights: $0.input(1), bias: nil, wide: $0.output()) }
      }
      guard let gathering = PackedGathering(problem, kernels, appliesRelu: false) else { return nil }
      return { gathering.run(wide: $0.input(0), weights: $0.input(1), bias: nil, narrow: $0.output()) }
    }
  }

  /// Inputs: dY, X and W.
  static func weightGradient<Convolution: ConvolutionOperator>(_: Convolution.Type) -> FastForm {
    { context, kernels in
      guard context.isFloat32 else { return nil }
      let problem = try Convolution.problem(context.node, x: context.input(1).shape, w: context.input(2).shape)
      guard let correlation = PackedCorrelation(problem, kernels) else { return nil }
      let (narrow, wide) = Convolution.gathers ? (0, 1) : (1, 0)
      return { correlation.run(narrow: $0.input(narrow), wide: $0.input(wide), weights: $0.output()) }
    }
  }
}

extension FastForms {
  static let convolution: [OperatorName: FastForm] = [
    "Conv": ConvolutionForms.convolution(Conv.self),
    "pare.ConvInputGradient": ConvolutionForms.inputGradient(Conv.self),
    "pare.ConvWeightGradient": ConvolutionForms.weightGradient(Conv.self),
    "ConvTranspose": ConvolutionForms.convolution(ConvTranspose.self),
    "pare.ConvTransposeInputGradient": ConvolutionForms.inputGradient(ConvTranspose.self),
    "pare.ConvTransposeWeightGradient": ConvolutionForms.weightGradient(ConvTranspose.self),
  ]
}
