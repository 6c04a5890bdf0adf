import Dispatch
import Foundation
import PareEvaluation

/// Turns Ctrl-C and SIGTERM into a request to end early; the second one ends the process at once.
final class Interruption {
  private let sources: [any DispatchSourceSignal]

  init(of stop: SearchStop) {
    let queue = DispatchQueue(label: "interruption")
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        if stop.wasRequested { _exit(128 + number) }
        stop.request()
        FileHandle.standardError.write(
          Data("\(Terminal.erasesLine)stopping: trials under way are finished and stored; again to stop at once\n".utf8))
      }
      source.resume()
      return source
    }
  }

  deinit {
    for source in sources { source.cancel() }
  }
}
