import Foundation
import NIOCore

/// The envelope of every answer of the v5 interface.
///
/// `retCode` 0 means success; the text in `retMsg` varies and is never tested.
struct BybitAnswer<Result: Decodable>: Decodable {
  let retCode: Int
  let retMsg: String?
  /// The server's clock, Unix milliseconds.
  let time: Int64?
  let result: Result?

  /// - Throws: `.badData`, naming the place in the document.
  init(body: ByteBuffer, subject: String) throws {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(body.readableBytesView))
    } catch let error as DecodingError {
      throw Self.malformed(subject, error.place)
    }
  }

  static func malformed(_ subject: String, _ what: String) -> MarketError {
    MarketError("answer", subject: subject, expected: "an answer in the v5 format", found: what)
  }
}

/// The envelope alone, for when the answer may be an error and the result of any shape.
struct NoResult: Decodable {
  init(from decoder: any Decoder) {}
}

extension DecodingError {
  /// What is wrong and where, in a few words.
  fileprivate var place: String {
    switch self {
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      "another type than \(type) at \(path(context.codingPath))"
    case .keyNotFound(let key, let context): "no '\(path(context.codingPath + [key]))'"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty ? "no valid JSON" : "a value out of range at \(path(context.codingPath))"
    @unknown default: "\(self)"
    }
  }

  private func path(_ keys: [any CodingKey]) -> String {
    keys.reduce("") { path, key in
      if let index = key.intValue { return path + "[\(index)]" }
      return path.isEmpty ? key.stringValue : path + "." + key.stringValue
    }
  }
}

/// How an answer is to be taken.
enum BybitVerdict: Sendable {
  case success
  /// Ask again, after `resetsIn` at the earliest where the server named a time.
  case retry(reason: String, resetsIn: Duration?)
  /// The address asked too often and has to be silent for ten minutes.
  case silenced
  /// Asking again would not help.
  case failure(MarketError)

  /// Judges an answer by its status, its envelope and its headers.
  ///
  /// - Parameters:
  ///   - header: a response header by its name, in any case.
  ///   - wallTime: Unix milliseconds, for a reset time where the answer does not tell the server's.
  /// - Source: the exchange's pages on errors and on rate limits.
  init(status: Int, body: ByteBuffer, header: (String) -> String?, wallTime: Int64, subject: String) {
    if status == 403, String(buffer: body).lowercased().contains("access too frequent") {
      self = .silenced
      return
    }
    let envelope = Swift.Result { try BybitAnswer<NoResult>(body: body, subject: subject) }
    if case .success(let answer) = envelope, answer.retCode != 0 {
      self = Self.business(answer, header: header, wallTime: wallTime, subject: subject)
      return
    }
    switch (status, envelope) {
    case (200, .success): self = .success
    case (200, .failure(let error)):
      self = .failure(error as? MarketError ?? MarketError("answer", subject: subject, found: "\(error)"))
    case (429, _), (500..., _): self = .retry(reason: "HTTP \(status)", resetsIn: nil)
    case (403, _):
      self = .failure(
        .service(subject, "HTTP 403: the exchange refuses this address (it serves neither the US nor mainland China)"))
    default: self = .failure(.service(subject, "HTTP \(status)"))
    }
  }

  private static func business(
    _ answer: BybitAnswer<NoResult>, header: (String) -> String?, wallTime: Int64, subject: String
  ) -> BybitVerdict {
    let text = "retCode \(answer.retCode)" + (answer.retMsg.map { $0.isEmpty ? "" : ": \($0)" } ?? "")
    switch answer.retCode {
    case 10006:
      let reset = header("X-Bapi-Limit-Reset-Timestamp").flatMap { Int64($0) } ?? 0
      let (wait, overflow) = reset.subtractingReportingOverflow(answer.time ?? wallTime)
      return .retry(reason: text, resetsIn: wait > 0 && !overflow ? .milliseconds(wait) : nil)
    case 10000, 10016, 429: return .retry(reason: text, resetsIn: nil)
    case 10001, 10029:
      return .failure(MarketError("refused", subject: subject, found: text, category: .usage))
    default: return .failure(.service(subject, text))
    }
  }
}

extension MarketError {
  static func service(_ subject: String, _ what: String, cause: (any Error)? = nil) -> MarketError {
    MarketError("service", subject: subject, found: what, category: .serviceUnavailable, cause: cause)
  }
}
