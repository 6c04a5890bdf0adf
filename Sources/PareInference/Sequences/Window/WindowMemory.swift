import PareTensor

/// What a windowed run keeps between the plans for its older rows, for a slide, and for its newest row.
final class WindowMemory {
  /// A value on its way from one plan's memory to another's.
  private struct Copy {
    var from: UnsafeRawPointer
    var to: UnsafeMutableRawPointer
    var byteCount: Int
  }

  private let window: WindowPlan
  private let older: ExecutionContext?
  private let slide: ExecutionContext?
  private let afterOlder: [Copy]
  private let afterSlide: [Copy]

  init(_ window: WindowPlan, newest: ExecutionContext) {
    self.window = window
    let (older, slide) = (window.older?.makeContext(), window.slide?.makeContext())
    func copies(from context: ExecutionContext?) -> [Copy] {
      window.kept.flatMap { kept -> [Copy] in
        guard let from = context?.address(of: kept.name + WindowPlan.next) else { return [] }
        let targets = [kept.isReadByNewest ? newest : nil, kept.isReadBySlide ? slide : nil].compactMap { $0 }
        return targets.compactMap { target in
          target.mutableAddress(of: kept.name).map { Copy(from: from, to: $0, byteCount: kept.byteCount) }
        }
      }
    }
    (afterOlder, afterSlide) = (copies(from: older), copies(from: slide))
    (self.older, self.slide) = (older, slide)
  }

  /// Computes from all older rows.
  ///
  /// - Returns: whether one has a NaN.
  func prepare(_ rows: UnsafePointer<Float>) throws -> Bool { try run(older, afterOlder, rows) }

  /// Computes from all older rows and what was kept of the window before.
  func slide(_ rows: UnsafePointer<Float>) throws -> Bool { try run(slide, afterSlide, rows) }

  private func run(_ context: ExecutionContext?, _ copies: [Copy], _ rows: UnsafePointer<Float>) throws -> Bool {
    guard let context else {
      return (0..<(window.windowLength - 1) * window.featureCount).contains { rows[$0].isNaN }
    }
    _ = try context.run(features: rows)
    for index in copies.indices { copies[index].to.copyMemory(from: copies[index].from, byteCount: copies[index].byteCount) }
    return context.nanFlag.pointee != 0
  }
}
