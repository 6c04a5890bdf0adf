import CPareInterface
import PareArtifact
import PareC
import PareGraph
import Testing

/// A model and a context that are held through the C interface.
final class CModel: @unchecked Sendable {
  let model: OpaquePointer

  init(_ model: Model, kernels: String? = nil) throws {
    let bytes = try Artifact.encode(model)
    var handle: OpaquePointer?
    var error = pare_error()
    let status = Self.withOptions(kernels) { pare_model_load_bytes(bytes, bytes.count, nil, $0, &handle, &error) }
    #expect(status == PARE_OK, "\(error.text)")
    self.model = try #require(handle)
  }

  deinit { pare_model_free(model) }

  func makeContext() throws -> OpaquePointer {
    var context: OpaquePointer?
    #expect(pare_context_create(model, &context, nil) == PARE_OK)
    return try #require(context)
  }

  /// Runs a body with a context that is freed after it.
  func withContext<Result>(_ body: (OpaquePointer) throws -> Result) throws -> Result {
    let context = try makeContext()
    defer { pare_context_free(context) }
    return try body(context)
  }

  private static func withOptions<Result>(_ kernels: String?, _ body: (UnsafePointer<pare_options>) -> Result) -> Result {
    var options = pare_options()
    options.size = MemoryLayout<pare_options>.size
    guard let kernels else { return body(&options) }
    return kernels.withCString {
      options.kernels = $0
      return body(&options)
    }
  }
}

extension pare_error {
  var text: String { withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } }
  var name: String { withUnsafeBytes(of: code) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } }
}

/// The code and text that a refusing call leaves, whose status has to be the error's.
func refusal(_ call: (UnsafeMutablePointer<pare_error>) -> pare_status) -> (status: pare_status, code: String, text: String) {
  var error = pare_error()
  let status = call(&error)
  #expect(error.status == status)
  return (status, error.name, error.text)
}
