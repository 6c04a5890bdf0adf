import Foundation
import PareEvaluation
import Synchronization

/// Draws progress to standard error: a bar with the time left on a terminal, a line per stage elsewhere.
final class ProgressReporter: RunObserver {
  private struct State {
    var stage = ""
    var units = 0
    var start = ContinuousClock.now
    var lastDrawn = ContinuousClock.now
    var lastLine = ContinuousClock.now
  }

  private let state = Mutex(State())
  private let isQuiet: Bool

  init(isQuiet: Bool = false) {
    self.isQuiet = isQuiet
  }

  func began(_ stage: String, units: Int) {
    guard !isQuiet else { return }
    state.withLock { state in
      state = State(stage: stage, units: units)
      if Terminal.isAttached { draw(&state, at: 0, note: "") }
    }
  }

  func advanced(to unit: Int, note: String) {
    guard !isQuiet else { return }
    state.withLock { state in
      let now = ContinuousClock.now
      if Terminal.isAttached {
        guard now - state.lastDrawn > .milliseconds(80) else { return }
        state.lastDrawn = now
        draw(&state, at: unit, note: note)
      } else if now - state.lastLine > .seconds(5) {
        state.lastLine = now
        let share = state.units > 0 ? " \(100 * unit / state.units) %" : ""
        write("\(state.stage)\(share)\(remaining(state, unit)) \(note)\n")
      }
    }
  }

  func ended(_ note: String) {
    guard !isQuiet else { return }
    state.withLock { state in
      let seconds = Self.seconds(ContinuousClock.now - state.start)
      let time = seconds < 9.95 ? String(format: "%.1f s", seconds) : String(format: "%.0f s", seconds)
      write(Terminal.erasesLine + pad(state.stage, 26) + pad(time, 8) + note + "\n")
    }
  }

  /// A line of its own, above a bar that is being drawn.
  func note(_ line: String) {
    guard !isQuiet else { return }
    state.withLock { _ in write(Terminal.erasesLine + line + "\n") }
  }

  private func draw(_ state: inout State, at unit: Int, note: String) {
    var line = pad(state.stage, 26)
    if state.units > 0 {
      let width = 24
      let filled = min(width, width * unit / state.units)
      line += "[" + String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled) + "]"
      line += remaining(state, unit)
    }
    // A line that wraps could not be erased.
    write(Terminal.erasesLine + (line + " " + note).prefix(Terminal.columns - 1))
  }

  private func remaining(_ state: State, _ unit: Int) -> String {
    let elapsed = Self.seconds(ContinuousClock.now - state.start)
    guard state.units > 0, unit > 0, unit < state.units, elapsed > 1 else { return "" }
    let left = elapsed * Double(state.units - unit) / Double(unit)
    return left < 90 ? String(format: " %.0f s left", left) : String(format: " %.0f min left", left / 60)
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }

  private func write(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
