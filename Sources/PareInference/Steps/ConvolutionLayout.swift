import CPareKernels
import PareGraph
import PareTensor

/// How the planes of one sample are packed so that every tap of a window lies at a fixed distance from its position.
///
/// A plane falls into phases: the elements whose padded coordinate leaves the same remainder by the stride, of which a tap
/// only ever meets one. A phase is as large as the positions and the window's reach over it need, with padding written
/// out. Results are laid out with the same extents. (`PackedPlanes` of PareTraining does the same for blocks of samples.)
struct ConvolutionLayout: Sendable {
  struct Run: Sendable {
    var from: Int
    var to: Int
    var count: Int
  }

  /// Elements of a phase.
  let phaseStride: Int
  /// For each phase the runs of a plane; their elements are `step` apart in it.
  let wideRuns: [[Run]]
  let step: Int
  /// For each tap, where it lies from the position in a packed plane.
  let distances: [Int]
  let narrowRuns: [Run]
  /// Elements from the first position to the last.
  let span: Int
  /// Whether packed planes hold nothing but elements, so that no padding has to be written.
  let isFull: Bool
  /// Whether a packed plane is the plane itself.
  let isIdentity: Bool
  /// Whether results lie as they should be.
  let yieldsRows: Bool

  static let lanes = 16

  private struct Axis {
    let geometry: WindowGeometry.Axis
    /// With a single position any stride will do; the reach gives each tap a phase of its own.
    let stride: Int
    /// The remainders that occur, ascending.
    let phases: [Int]
    let taps: [(phase: Int, distance: Int)]
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

  /// - Returns: nil for a window that is too large to be one of a network.
  init?(_ geometry: WindowGeometry) {
    let three = geometry.threeAxes
    let extents = [three.0, three.1, three.2].map { $0.padBegin + $0.input + $0.padEnd + $0.reach }
    guard geometry.tapCount <= 1 << 16, extents.allSatisfy({ $0 <= 1 << 24 }),
      let room = Shape.checkedElementCount(extents), room <= 1 << 24
    else { return nil }
    let (a, b, c) = (Axis(three.0), Axis(three.1), Axis(three.2))
    let phaseStride = a.extent * b.extent * c.extent
    self.phaseStride = phaseStride
    var distances: [Int] = []
    for i in a.taps {
      for j in b.taps {
        for k in c.taps {
          let phase = (i.phase * b.phases.count + j.phase) * c.phases.count + k.phase
          distances.append(phase * phaseStride + (i.distance * b.extent + j.distance) * c.extent + k.distance)
        }
      }
    }
    self.distances = distances
    var wideRuns: [[Run]] = []
    for i in a.phases.indices {
      for j in b.phases.indices {
        for k in c.phases.indices {
          let (planes, rows, places) = (a.filled(i), b.filled(j), c.filled(k))
          var runs: [Run] = []
          for plane in planes.places {
            for row in rows.places where !places.places.isEmpty {
              let x = planes.first + (plane - planes.places.lowerBound) * a.stride
              let y = rows.first + (row - rows.places.lowerBound) * b.stride
              runs.append(
                Run(
                  from: (x * three.1.input + y) * three.2.input + places.first,
                  to: (plane * b.extent + row) * c.extent + places.places.lowerBound, count: places.places.count))
            }
          }
          wideRuns.append(runs)
        }
      }
    }
    // Runs of one element each may be any distance apart: that of the first two.
    var step = c.stride
    if wideRuns.allSatisfy({ $0.allSatisfy { $0.count == 1 } }),
      let runs = wideRuns.first(where: { $0.count > 1 }), runs[1].from > runs[0].from
    {
      step = runs[1].from - runs[0].from
    }
    self.step = step
    self.wideRuns = wideRuns.map { Self.joined($0, step: step) }
    var narrowRuns: [Run] = []
    for plane in 0..<three.0.output {
      for row in 0..<three.1.output {
        narrowRuns.append(
          Run(
            from: (plane * three.1.output + row) * three.2.output, to: (plane * b.extent + row) * c.extent,
            count: three.2.output))
      }
    }
    self.narrowRuns = Self.joined(narrowRuns, step: 1)
    span = ((three.0.output - 1) * b.extent + three.1.output - 1) * c.extent + three.2.output
    isFull = wideRuns.allSatisfy { $0.reduce(0) { $0 + $1.count } == phaseStride }
    isIdentity = isFull && wideRuns.count == 1 && step == 1 && self.wideRuns[0].count == 1 && phaseStride == geometry.inputCount
    yieldsRows = self.narrowRuns.count == 1
  }

  /// Elements of a packed plane.
  var planeStride: Int { wideRuns.count * phaseStride }
  var vectors: Int { (span + Self.lanes - 1) / Self.lanes }

  /// Runs that go on where the one before ended, as one.
  private static func joined(_ runs: [Run], step: Int) -> [Run] {
    runs.reduce(into: []) { runs, run in
      if let last = runs.last, last.from + last.count * step == run.from, last.to + last.count == run.to {
        runs[runs.count - 1].count += run.count
      } else {
        runs.append(run)
      }
    }
  }
}

extension pare_run {
  init(_ run: ConvolutionLayout.Run) { self.init(from: run.from, to: run.to, count: run.count) }
}
