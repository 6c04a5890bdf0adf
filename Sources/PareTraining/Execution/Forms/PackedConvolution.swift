import CPareKernels
import PareGraph
import PareTensor

/// The kernels of a convolution, called from evaluations.
private struct ConvolutionKernels: @unchecked Sendable {
  // C functions without state.
  let table: pare_convolution_kernels

  /// Rows, filled up to whole groups of those that are computed together.
  static func padded(_ rows: Int) -> Int { PackedPlanes.roundedUp(rows, to: Int(PARE_CONVOLUTION_ROWS)) }
}

/// A block of samples and how many it holds.
private func blocks(_ planes: PackedPlanes, _ body: (_ first: Int, _ samples: Int) -> Void) {
  for first in stride(from: 0, to: planes.problem.batch, by: planes.blockSize) {
    body(first, min(planes.blockSize, planes.problem.batch - first))
  }
}

/// From the wide side to the narrow one: a position is the sum over channels and taps.
final class PackedGathering: Sendable {
  private let planes: PackedPlanes
  private let kernels: ConvolutionKernels
  private let appliesRelu: Bool
  private let wide: FormScratch<Float>
  private let narrow: FormScratch<Float>
  private let narrowStride: Int
  private let weights: FormScratch<Float>
  private let bias: FormScratch<Float>
  /// Where each term lies in the packed wide side, and its weight in a filter's.
  private let offsets: FormScratch<Int>
  private let weightOffsets: FormScratch<Int>
  private let termCount: Int

  init?(_ problem: ConvolutionProblem, _ kernels: TrainingKernels, appliesRelu: Bool) {
    guard let planes = PackedPlanes(problem, positions: 512) else { return nil }
    self.planes = planes
    self.kernels = ConvolutionKernels(table: kernels.convolution)
    self.appliesRelu = appliesRelu
    let filters = ConvolutionKernels.padded(problem.filters)
    termCount = problem.channels * planes.taps.count
    wide = FormScratch(count: problem.channels * planes.wideStride + PackedPlanes.lanes, repeating: 0)
    narrowStride = PackedPlanes.roundedUp(planes.phaseStride, to: PackedPlanes.lanes)
    narrow = FormScratch(count: filters * narrowStride, repeating: 0)
    weights = FormScratch(count: filters * termCount, repeating: 0)
    bias = FormScratch(count: filters, repeating: 0)
    offsets = FormScratch(
      (0..<problem.channels).flatMap { channel in
        planes.taps.map { channel * planes.wideStride + $0.phase * planes.phaseStride + $0.distance }
      }, default: 0)
    weightOffsets = FormScratch(Array(0..<termCount), default: 0)
  }

  func run(
    wide x: UnsafePointer<Float>, weights w: UnsafePointer<Float>, bias b: UnsafePointer<Float>?,
    narrow y: UnsafeMutablePointer<Float>
  ) {
    let (problem, kernels) = (planes.problem, kernels.table)
    let (inputCount, outputCount) = (problem.geometry.inputCount, problem.geometry.outputCount)
    for group in 0..<problem.groups {
      kernels.pack_weights(
        w + group * problem.filters * termCount, problem.filters, termCount, weightOffsets.elements, termCount,
        weights.elements)
      if let b { bias.elements.update(from: b + group * problem.filters, count: problem.filters) }
      blocks(planes) { first, samples in
        for sample in 0..<samples {
          let start = ((first + sample) * problem.groups + group) * problem.channels * inputCount
          for channel in 0..<problem.channels {
            for (phase, runs) in planes.wideRuns.enumerated() {
              kernels.gather_runs(
                x + start + channel * inputCount, runs, runs.count, planes.step,
                wide.elements + channel * planes.wideStride + phase * planes.phaseStride + sample * planes.sampleCount)
            }
          }
        }
        kernels.convolve(
          wide.elements, offsets.elements, termCount, weights.elements, bias.elements, narrow.elements, narrowStride,
          ConvolutionKernels.padded(problem.filters), planes.vectors(samples: samples), appliesRelu)
        for sample in 0..<samples {
          let start = ((first + sample) * problem.groups + group) * problem.filters * outputCount
          for filter in 0..<problem.filters {
            kernels.scatter_runs(
              narrow.elements + filter * narrowStride + sample * planes.sampleCount, planes.narrowRuns,
              planes.narrowRuns.count, 1, y + start + filter * outputCount)
          }
        }
      }
    }
  }
}

/// From the narrow side to the wide one: an element is the sum over filters and the taps that meet it, phase by phase.
final class PackedScattering: Sendable {
  private let planes: PackedPlanes
  private let kernels: ConvolutionKernels
  private let appliesRelu: Bool
  private let narrow: FormScratch<Float>
  private let narrowStride: Int
  private let wide: FormScratch<Float>
  private let wideStride: Int
  private let bias: FormScratch<Float>
  private let phases: [Phase]
  private let coversWide: Bool
  /// Zeros before the first position, for taps that reach back.
  private let margin: Int

  /// The terms of an element of a phase.
  private struct Phase: Sendable {
    let index: Int
    let termCount: Int
    let offsets: FormScratch<Int>
    let weightOffsets: FormScratch<Int>
    let weights: FormScratch<Float>
  }

  init?(_ problem: ConvolutionProblem, _ kernels: TrainingKernels, appliesRelu: Bool) {
    guard let planes = PackedPlanes(problem, positions: 512) else { return nil }
    self.planes = planes
    self.kernels = ConvolutionKernels(table: kernels.convolution)
    self.appliesRelu = appliesRelu
    let channels = ConvolutionKernels.padded(problem.channels)
    let margin = PackedPlanes.roundedUp(planes.furthestTap, to: PackedPlanes.lanes)
    let narrowStride = margin + PackedPlanes.roundedUp(planes.phaseStride, to: PackedPlanes.lanes)
    self.margin = margin
    self.narrowStride = narrowStride
    narrow = FormScratch(count: problem.filters * narrowStride + PackedPlanes.lanes, repeating: 0)
    wideStride = PackedPlanes.roundedUp(planes.phaseStride, to: PackedPlanes.lanes)
    wide = FormScratch(count: channels * wideStride, repeating: 0)
    bias = FormScratch(count: channels, repeating: 0)
    phases = (0..<planes.phaseCount).compactMap { phase in
      let taps = planes.taps.enumerated().filter { $0.element.phase == phase }
      guard !taps.isEmpty, !planes.wideRuns[phase].isEmpty else { return nil }
      let terms = (0..<problem.filters).flatMap { filter in taps.map { (filter, $0.offset, $0.element.distance) } }
      return Phase(
        index: phase, termCount: terms.count,
        offsets: FormScratch(terms.map { $0.0 * narrowStride + margin - $0.2 }, default: 0),
        weightOffsets: FormScratch(terms.map { $0.0 * problem.channels * planes.taps.count + $0.1 }, default: 0),
        weights: FormScratch(count: channels * terms.count, repeating: 0))
    }
    coversWide = planes.coversWide
  }

  func run(
    narrow y: UnsafePointer<Float>, weights w: UnsafePointer<Float>, bias b: UnsafePointer<Float>?,
    wide x: UnsafeMutablePointer<Float>
  ) {
    let (problem, kernels) = (planes.problem, kernels.table)
    let (inputCount, outputCount) = (problem.geometry.inputCount, problem.geometry.outputCount)
    if !coversWide { fill(x, bias: b) }
    for group in 0..<problem.groups {
      for phase in phases {
        kernels.pack_weights(
          w + group * problem.filters * problem.channels * planes.taps.count, problem.channels, planes.taps.count,
          phase.weightOffsets.elements, phase.termCount, phase.weights.elements)
      }
      if let b { bias.elements.update(from: b + group * problem.channels, count: problem.channels) }
      blocks(planes) { first, samples in
        for sample in 0..<samples {
          let start = ((first + sample) * problem.groups + group) * problem.filters * outputCount
          for filter in 0..<problem.filters {
            kernels.gather_runs(
              y + start + filter * outputCount, planes.narrowRuns, planes.narrowRuns.count, 1,
              narrow.elements + filter * narrowStride + margin + sample * planes.sampleCount)
          }
        }
        for phase in phases {
          kernels.convolve(
            narrow.elements, phase.offsets.elements, phase.termCount, phase.weights.elements, bias.elements,
            wide.elements, wideStride, ConvolutionKernels.padded(problem.channels),
            (samples * planes.sampleCount + PackedPlanes.lanes - 1) / PackedPlanes.lanes, appliesRelu)
          let runs = planes.wideRuns[phase.index]
          for sample in 0..<samples {
            let start = ((first + sample) * problem.groups + group) * problem.channels * inputCount
            for channel in 0..<problem.channels {
              kernels.scatter_runs(
                wide.elements + channel * wideStride + sample * planes.sampleCount, runs, runs.count, planes.step,
                x + start + channel * inputCount)
            }
          }
        }
      }
    }
  }

  /// What elements hold that no tap meets.
  private func fill(_ x: UnsafeMutablePointer<Float>, bias b: UnsafePointer<Float>?) {
    let problem = planes.problem
    let channels = problem.groups * problem.channels
    for plane in 0..<problem.batch * channels {
      let value = b?[plane % channels] ?? 0
      (x + plane * problem.geometry.inputCount)
        .update(repeating: appliesRelu && value < 0 ? 0 : value, count: problem.geometry.inputCount)
    }
  }
}

/// What both sides have in common for a weight: the gradient by it.
final class PackedCorrelation: Sendable {
  private let planes: PackedPlanes
  private let kernels: ConvolutionKernels
  private let wide: FormScratch<Float>
  private let narrow: FormScratch<Float>
  private let narrowStride: Int
  private let offsets: FormScratch<Int>
  private let termCount: Int

  init?(_ problem: ConvolutionProblem, _ kernels: TrainingKernels) {
    // Larger blocks than for the products: the lanes of every weight are added up once a block.
    guard let planes = PackedPlanes(problem, positions: 2048) else { return nil }
    self.planes = planes
    self.kernels = ConvolutionKernels(table: kernels.convolution)
    termCount = problem.channels * planes.taps.count
    wide = FormScratch(count: problem.channels * planes.wideStride + PackedPlanes.lanes, repeating: 0)
    narrowStride = PackedPlanes.roundedUp(planes.phaseStride, to: PackedPlanes.lanes)
    narrow = FormScratch(count: ConvolutionKernels.padded(problem.filters) * narrowStride, repeating: 0)
    offsets = FormScratch(
      (0..<problem.channels).flatMap { channel in
        planes.taps.map { channel * planes.wideStride + $0.phase * planes.phaseStride + $0.distance }
      }, default: 0)
  }

  func run(narrow y: UnsafePointer<Float>, wide x: UnsafePointer<Float>, weights w: UnsafeMutablePointer<Float>) {
    let (problem, kernels) = (planes.problem, kernels.table)
    let (inputCount, outputCount) = (problem.geometry.inputCount, problem.geometry.outputCount)
    w.update(repeating: 0, count: problem.groups * problem.filters * termCount)
    for group in 0..<problem.groups {
      blocks(planes) { first, samples in
        // The samples of a fuller block before must not be met by the last vector.
        if samples < planes.blockSize { narrow.elements.update(repeating: 0, count: problem.filters * narrowStride) }
        for sample in 0..<samples {
          let wideStart = ((first + sample) * problem.groups + group) * problem.channels * inputCount
          for channel in 0..<problem.channels {
            for (phase, runs) in planes.wideRuns.enumerated() {
              kernels.gather_runs(
                x + wideStart + channel * inputCount, runs, runs.count, planes.step,
                wide.elements + channel * planes.wideStride + phase * planes.phaseStride + sample * planes.sampleCount)
            }
          }
          let narrowStart = ((first + sample) * problem.groups + group) * problem.filters * outputCount
          for filter in 0..<problem.filters {
            kernels.gather_runs(
              y + narrowStart + filter * outputCount, planes.narrowRuns, planes.narrowRuns.count, 1,
              narrow.elements + filter * narrowStride + sample * planes.sampleCount)
          }
        }
        kernels.correlate(
          narrow.elements, narrowStride, problem.filters, wide.elements, offsets.elements, termCount,
          planes.vectors(samples: samples), w + group * problem.filters * termCount)
      }
    }
  }
}
