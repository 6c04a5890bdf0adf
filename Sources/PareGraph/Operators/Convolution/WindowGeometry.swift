import PareTensor

/// How a window slides over the spatial axes of an input: what convolutions and pools have in common.
///
/// Position `o` of the output and tap `k` of the window meet element `o · stride − padBegin + k · dilation` of the input,
/// along each axis; where that lies outside there is padding. All numbers are checked when the value is made, so that
/// nothing that is computed from them overflows.
package struct WindowGeometry: Sendable, Hashable {
  package struct Axis: Sendable, Hashable {
    /// Extent of the input, without padding.
    package let input: Int
    /// Taps of the window.
    package let kernel: Int
    package let stride: Int
    package let dilation: Int
    package let padBegin: Int
    package let padEnd: Int
    /// Positions of the window.
    package let output: Int

    /// Elements from the first tap to the last, both counted.
    package var reach: Int { (kernel - 1) * dilation + 1 }

    /// One element that stays as it is: an axis that is not there.
    static let absent = Axis(input: 1, kernel: 1, stride: 1, dilation: 1, padBegin: 0, padEnd: 0, output: 1)
  }

  /// One per spatial axis, 1 to 3.
  package let axes: [Axis]

  /// - Precondition: one to three axes.
  init(_ axes: [Axis]) {
    precondition((1...3).contains(axes.count))
    self.axes = axes
  }

  /// One window over everything.
  package init(overAllOf count: Int) {
    self.init([Axis(input: count, kernel: count, stride: 1, dilation: 1, padBegin: 0, padEnd: 0, output: 1)])
  }

  package var inputCount: Int { axes.reduce(1) { $0 * $1.input } }
  package var outputCount: Int { axes.reduce(1) { $0 * $1.output } }
  package var tapCount: Int { axes.reduce(1) { $0 * $1.kernel } }
  package var inputExtents: [Int] { axes.map(\.input) }
  package var outputExtents: [Int] { axes.map(\.output) }

  /// The axes as three, those that are not there first.
  package var threeAxes: (Axis, Axis, Axis) {
    let padded = Array(repeating: Axis.absent, count: 3 - axes.count) + axes
    return (padded[0], padded[1], padded[2])
  }

  /// Calls `body(output, input, tap)` with the offsets of every pair of a position and an element under its window,
  /// positions in order and for each the taps in order. Padding is left out.
  @inline(__always)
  package func forEachPair(_ body: (_ output: Int, _ input: Int, _ tap: Int) -> Void) {
    let pairs = WindowPairs(self)
    for output in 0..<outputCount { pairs.forEachTap(of: output) { input, tap in body(output, input, tap) } }
  }
}

/// Walks over the elements under a window, without allocating.
package struct WindowPairs: Sendable {
  private let a: WindowGeometry.Axis
  private let b: WindowGeometry.Axis
  private let c: WindowGeometry.Axis

  package init(_ geometry: WindowGeometry) {
    (a, b, c) = geometry.threeAxes
  }

  /// Calls `body(input, tap)` for each element under the window at a position of the output.
  @inline(__always)
  package func forEachTap(of output: Int, _ body: (_ input: Int, _ tap: Int) -> Void) {
    let startC = output % c.output * c.stride - c.padBegin
    let startB = output / c.output % b.output * b.stride - b.padBegin
    let startA = output / c.output / b.output * a.stride - a.padBegin
    for ka in taps(a, startA) {
      let planes = (startA + ka * a.dilation) * b.input
      for kb in taps(b, startB) {
        let rows = (planes + startB + kb * b.dilation) * c.input
        let tap = (ka * b.kernel + kb) * c.kernel
        for kc in taps(c, startC) { body(rows + startC + kc * c.dilation, tap + kc) }
      }
    }
  }

  /// How many taps lie within input and explicit padding, but not beyond: a window that was let in by rounding up
  /// reaches past the padding.
  package func paddedTapCount(of output: Int) -> Int {
    count(a, output / c.output / b.output) * count(b, output / c.output % b.output) * count(c, output % c.output)
  }

  private func count(_ axis: WindowGeometry.Axis, _ position: Int) -> Int {
    let room = axis.padBegin + axis.input + axis.padEnd - position * axis.stride
    return room <= 0 ? 0 : min(axis.kernel, (room - 1) / axis.dilation + 1)
  }

  /// The taps that meet an element of the input, when the first is at `start`.
  @inline(__always)
  private func taps(_ axis: WindowGeometry.Axis, _ start: Int) -> Range<Int> {
    let first = start >= 0 ? 0 : (-start + axis.dilation - 1) / axis.dilation
    let room = axis.input - start
    let end = room <= 0 ? 0 : min(axis.kernel, (room - 1) / axis.dilation + 1)
    return first..<max(first, end)
  }
}
