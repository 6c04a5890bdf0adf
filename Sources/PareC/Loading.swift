import CPareInterface
import PareArtifact
import PareGraph

// The functions of pare.h that make and free handles. What each does stands there.

@c @implementation
public func pare_model_load(
  _ path: UnsafePointer<CChar>?, _ options: UnsafePointer<pare_options>?, _ model: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  load(options, model, error) { try Artifact.read(cText(path, "path")) }
}

@c @implementation
public func pare_model_load_bytes(
  _ bytes: UnsafeRawPointer?, _ count: Int, _ name: UnsafePointer<CChar>?, _ options: UnsafePointer<pare_options>?,
  _ model: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  load(options, model, error) {
    guard let bytes else { throw CInterfaceError.null("bytes") }
    guard (0...WholeFile.maximumByteCount).contains(count) else {
      throw CInterfaceError(
        "length", subject: "count", expected: "at most \(WholeFile.maximumByteCount) bytes", found: "\(UInt(bitPattern: count))")
    }
    let name = try name.map { try cText($0, "name") } ?? "artifact"
    return try Artifact.decode(Array(UnsafeRawBufferPointer(start: bytes, count: count)), name: name)
  }
}

private func load(
  _ options: UnsafePointer<pare_options>?, _ model: UnsafeMutablePointer<OpaquePointer?>?,
  _ error: UnsafeMutablePointer<pare_error>?, _ read: () throws -> Model
) -> pare_status {
  guard let model else { return report(CInterfaceError.null("model"), to: error) }
  model.pointee = nil
  do {
    let options = try LoadOptions(options)
    model.pointee = try ModelHandle(read(), options).retainedPointer()
    return pare_status(PARE_OK)
  } catch let failure {
    return report(failure, to: error)
  }
}

@c @implementation
public func pare_model_free(_ model: OpaquePointer?) { ModelHandle.release(model) }

@c @implementation
public func pare_context_create(
  _ model: OpaquePointer?, _ context: UnsafeMutablePointer<OpaquePointer?>?, _ error: UnsafeMutablePointer<pare_error>?
) -> pare_status {
  guard let context else { return report(CInterfaceError.null("context"), to: error) }
  context.pointee = nil
  guard let model else { return report(CInterfaceError.null("model"), to: error) }
  context.pointee = ModelHandle.with(model) { ContextHandle($0).retainedPointer() }
  return pare_status(PARE_OK)
}

@c @implementation
public func pare_context_free(_ context: OpaquePointer?) { ContextHandle.release(context) }
