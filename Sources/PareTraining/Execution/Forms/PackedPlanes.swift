import CPareKernels
import PareGraph
import PareTensor

/// How the planes of a convolution are packed so that every tap of the window lies at a fixed distance from the position.
///
/// A plane of the wide side falls into phases: the elements whose padded coordinate leaves the same remainder by the
/// stride, of which a tap only ever meets one. A phase is as large as the positions and the window's reach over it need,
/// padding is written out as zeros, and the samples of a block follow each other. The narrow side is laid out with the
/// same extents, zeros in what is left over. Then tap `t` of position `q` is element `q + distance(t)` of its phase.
struct PackedPlanes: Sendable {
  /// One axis of the window.
  private struct Axis: Sendable {
    let geometry: WindowGeometry.Axis
    /// Between neighbours of a phase. With a single position any stride will do; the reach gives each tap a phase of its
    /// own, which wastes nothing.
    let stride: Int
    /// The remainders that occur, ascending.
    let phases: [Int]
    /// For each tap the index of its phase, and its distance within it.
    let taps: [(phase: Int, distance: Int)]
    /// Elements of a phase.
    let extent: Int

    init(_ axis: WindowGeometry.Axis) {
      geometry = axis
      let stride = axis.output == 1 ? axis.reach : axis.stride
      self.stride = stride
      let phases = Set((0..<axis.kernel).map { $0 * axis.dilation % stride }).sorted()
      self.phases = phases
      taps = (0..<axis.kernel).map { tap in
        (phases.firstIndex(of: tap * axis.dilation % stride) ?? 0, tap * axis.dilation / stride)
      }
      extent = axis.output + (axis.reach - 1) / stride
    }

    /// The places of a phase that hold an element, and the coordinate of the first.
    func filled(_ phase: Int) -> (places: Range<Int>, first: Int) {
      let remainder = phases[phase]
      let before = geometry.padBegin - remainder
      let lower = before <= 0 ? 0 : (before + stride - 1) / stride
      let room = geometry.input - remainder + geometry.padBegin
      let upper = room <= 0 ? 0 : min(extent, (room - 1) / stride + 1)
      return (lower..<max(lower, upper), lower * stride + remainder - geometry.padBegin)
    }
  }

  let problem: ConvolutionProblem
  /// Samples that are packed together.
  let blockSize: Int
  /// Elements of a sample in a phase.
  let sampleCount: Int
  let phaseCount: Int
  /// For each tap its phase, and how far it lies from the position.
  let taps: [(phase: Int, distance: Int)]
  /// For each phase the runs of one sample of the wide side; all are `step` apart in the plane.
  let wideRuns: [[pare_run]]
  let step: Int
  let narrowRuns: [pare_run]
  /// Elements from the first position of a sample to the last.
  let span: Int

  static let lanes = 16

  /// - Parameter positions: how many a block should have, about.
  /// - Returns: nil where there is nothing to compute, or packing would take more room than it is worth.
  init?(_ problem: ConvolutionProblem, positions: Int) {
    let geometry = problem.geometry
    guard problem.batch > 0, problem.channels > 0, problem.filters > 0, geometry.inputCount > 0, geometry.outputCount > 0
    else { return nil }
    let three = geometry.threeAxes
    // A packed plane is no larger than this times the padded input; beyond, the window is not one of a network.
    let padded = [three.0, three.1, three.2].map { $0.padBegin + $0.input + $0.padEnd + $0.reach }
    guard let room = Shape.checkedElementCount(padded), room <= 1 << 24 else { return nil }
    let (a, b, c) = (Axis(three.0), Axis(three.1), Axis(three.2))
    self.problem = problem
    let rowCount = a.extent * b.extent
    let sampleCount = rowCount * c.extent
    self.sampleCount = sampleCount
    blockSize = max(1, min(problem.batch, positions / sampleCount))
    phaseCount = a.phases.count * b.phases.count * c.phases.count
    var taps: [(phase: Int, distance: Int)] = []
    for i in a.taps {
      for j in b.taps {
        for k in c.taps {
          taps.append((
            (i.phase * b.phases.count + j.phase) * c.phases.count + k.phase,
            (i.distance * b.extent + j.distance) * c.extent + k.distance
          ))
        }
      }
    }
    self.taps = taps
    step = c.stride
    let (inputB, inputC) = (three.1.input, three.2.input)
    var wideRuns: [[pare_run]] = []
    for i in a.phases.indices {
      for j in b.phases.indices {
        for k in c.phases.indices {
          let (planes, rows, places) = (a.filled(i), b.filled(j), c.filled(k))
          var runs: [pare_run] = []
          for plane in planes.places {
            for row in rows.places where !places.places.isEmpty {
              let x = planes.first + (plane - planes.places.lowerBound) * a.stride
              let y = rows.first + (row - rows.places.lowerBound) * b.stride
              runs.append(
                pare_run(
                  from: (x * inputB + y) * inputC + places.first,
                  to: (plane * b.extent + row) * c.extent + places.places.lowerBound, count: places.places.count))
            }
          }
          wideRuns.append(step == 1 ? runs.joined : runs)
        }
      }
    }
    self.wideRuns = wideRuns
    var narrowRuns: [pare_run] = []
    for plane in 0..<three.0.output {
      for row in 0..<three.1.output {
        narrowRuns.append(
          pare_run(
            from: (plane * three.1.output + row) * three.2.output, to: (plane * b.extent + row) * c.extent,
            count: three.2.output))
      }
    }
    self.narrowRuns = narrowRuns.joined
    span = ((three.0.output - 1) * b.extent + three.1.output - 1) * c.extent + three.2.output
  }

  /// Elements of a phase of a block.
  var phaseStride: Int { blockSize * sampleCount }
  /// Elements of a wide channel of a block.
  var wideStride: Int { phaseCount * phaseStride }
  var furthestTap: Int { taps.map(\.distance).max() ?? 0 }
  /// Whether every element of the wide side is met by a tap.
  var coversWide: Bool { wideRuns.joined().reduce(0) { $0 + $1.count } == problem.geometry.inputCount }

  /// Vectors that cover the positions of some samples.
  func vectors(samples: Int) -> Int { ((samples - 1) * sampleCount + span + Self.lanes - 1) / Self.lanes }

  static func roundedUp(_ count: Int, to multiple: Int) -> Int { (count + multiple - 1) / multiple * multiple }
}

extension [pare_run] {
  /// Runs that go on where the one before ended, as one.
  fileprivate var joined: [pare_run] {
    reduce(into: []) { runs, run in
      if let last = runs.last, last.from + last.count == run.from, last.to + last.count == run.to {
        runs[runs.count - 1].count += run.count
      } else {
        runs.append(run)
      }
    }
  }
}

/// Memory of a fast form's own, made when it is prepared.
final class FormScratch<Element: BitwiseCopyable>: @unchecked Sendable {
  // An evaluation is for one thread at a time, as its executor is.
  let elements: UnsafeMutablePointer<Element>

  init(count: Int, repeating value: Element) {
    let byteCount = Swift.max(count, 1) * MemoryLayout<Element>.stride
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: MemoryPlan.alignment)
    elements = memory.initializeMemory(as: Element.self, repeating: value, count: Swift.max(count, 1))
    ScratchTally.current?.byteCount += byteCount
  }

  convenience init(_ values: [Element], default value: Element) {
    self.init(count: values.count, repeating: value)
    for (index, value) in values.enumerated() { elements[index] = value }
  }

  deinit {
    UnsafeMutableRawPointer(elements).deallocate()
  }
}
