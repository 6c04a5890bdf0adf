import PareGraph
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
  /// Where outputs of a slide wait that are pieces of its inputs, until these are written.
  private let waiting: UnsafeMutableRawPointer

  init(_ window: WindowPlan, newest: ExecutionContext) {
    self.window = window
    let (older, slide) = (window.older?.makeContext(), window.slide?.makeContext())
    waiting = .allocate(byteCount: max(window.kept.reduce(0) { $0 + $1.byteCount }, 1), alignment: MemoryPlan.alignment)
    /// The memory of what the slide takes in.
    let inputs = window.kept.filter(\.isReadBySlide).compactMap { kept in
      slide?.mutableAddress(of: kept.name).map { UnsafeRawPointer($0)..<UnsafeRawPointer($0 + max(kept.byteCount, 1)) }
    }
    var room = waiting
    func copies(from context: ExecutionContext?) -> [Copy] {
      var (first, then) = ([Copy](), [Copy]())
      for kept in window.kept {
        guard var from = context?.address(of: kept.name + WindowPlan.next) else { continue }
        if kept.isReadByNewest, let to = newest.mutableAddress(of: kept.name) {
          first.append(Copy(from: from, to: to, byteCount: kept.byteCount))
        }
        guard kept.isReadBySlide, let to = slide?.mutableAddress(of: kept.name) else { continue }
        if inputs.contains(where: { $0.contains(from) }) {
          first.append(Copy(from: from, to: room, byteCount: kept.byteCount))
          from = UnsafeRawPointer(room)
          room += kept.byteCount
        }
        then.append(Copy(from: from, to: to, byteCount: kept.byteCount))
      }
      return first + then
    }
    (afterOlder, afterSlide) = (copies(from: older), copies(from: slide))
    (self.older, self.slide) = (older, slide)
  }

  deinit { waiting.deallocate() }

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
