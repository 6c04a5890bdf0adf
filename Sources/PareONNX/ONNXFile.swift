import Foundation
import PareArtifact
import PareGraph
import SwiftProtobuf

/// ONNX files, in and out.
///
/// Read are opsets 13 to 28 of the standard domain (of 7 to 12 what already meant the same) and 1 to 5 of `ai.onnx.ml`:
/// older spellings of an operator become the newest one, functions are written out where they are called, constants are
/// folded. See docs/onnx.md.
public enum ONNXFile {
  /// Reads a file and, where it says so, the data beside it.
  ///
  /// - Throws: `ArtifactError` `no-input`, or what `decode` throws.
  public static func read(_ path: String, options: ONNXImportOptions = ONNXImportOptions()) throws -> Model {
    let bytes = try WholeFile.read(path)
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    return try decode(bytes, name: path, folder: folder, options: options)
  }

  /// Reads a file's bytes, trusting none of them: a truncated, damaged or hostile file is an error that says what is
  /// wrong with it.
  ///
  /// - Parameters:
  ///   - name: what messages call the file.
  ///   - folder: where data outside the file may be; nil where there is no such place.
  /// - Throws: `ONNXError`, naming the node or tensor.
  public static func decode(
    _ bytes: [UInt8], name: String = "model.onnx", folder: String? = nil, options: ONNXImportOptions = ONNXImportOptions()
  ) throws -> Model {
    guard MessageCount.isBounded(bytes) else {
      throw ONNXError("too-large", subject: name, expected: "at most \(MessageCount.limit) parts", found: "more")
    }
    let file: WireModel
    var decoding = BinaryDecodingOptions()
    decoding.discardUnknownFields = true
    do {
      file = try WireModel(serializedBytes: bytes, options: decoding)
    } catch {
      throw ONNXError("content", subject: name, expected: "an ONNX file", found: "bytes that are no such message (\(error))")
    }
    return try within(name) {
      try ModelImport(file, external: folder.map { try ExternalData(folder: $0) }, options: options).model()
    }
  }

  /// Writes the file under its name once it is complete, and before it the data beside it, where there are such.
  ///
  /// Operators that ONNX does not have are written with those that it has. The model's sections, and which parameters
  /// training changes, are entries of the file's metadata, so that a model that is read again is what it was.
  ///
  /// - Throws: `artifact.cannot-write`, or what `encode` throws.
  public static func write(_ model: Model, to path: String, options: ONNXExportOptions = ONNXExportOptions()) throws {
    let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    let export = try within(path) { try ModelExport(model, options: options, externalName: name + ".data") }
    if let external = export.external { try WholeFile.write(external, to: path + ".data") }
    try WholeFile.write(try export.file.serializedBytes(), to: path)
  }

  /// The bytes of a file that holds everything.
  ///
  /// - Throws: `GraphError` for a graph that is not valid; `onnx.no-standard-form`, `onnx.opset`, `onnx.too-large`.
  public static func encode(_ model: Model, options: ONNXExportOptions = ONNXExportOptions()) throws -> [UInt8] {
    try ModelExport(model, options: options, externalName: nil).file.serializedBytes()
  }

  /// Puts the file's name in front of what is wrong.
  private static func within<Result>(_ file: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as GraphError {
      throw ONNXError(error, file: file)
    } catch let error as ONNXError {
      throw error.within(file)
    }
  }
}

extension ONNXError {
  /// The same, with the file in front.
  fileprivate func within(_ file: String) -> ONNXError {
    ONNXError(String(code.dropFirst("onnx.".count)), subject: "\(file): \(subject)", expected: expected, found: found, category: category)
  }
}
