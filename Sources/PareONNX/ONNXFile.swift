import Foundation
import PareArtifact
import PareGraph
import SwiftProtobuf

/// ONNX files, in and out.
///
/// Read are opsets 13 to 28 of the standard domain and 1 to 5 of `ai.onnx.ml`: older spellings of an operator become
/// the newest one, functions are written out where they are called, constants are folded. See docs/onnx.md.
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
    let file: WireModel
    var decoding = BinaryDecodingOptions()
    decoding.discardUnknownFields = true
    do {
      file = try WireModel(serializedBytes: bytes, options: decoding)
    } catch {
      throw ONNXError("content", subject: name, expected: "an ONNX file", found: "bytes that are no such message (\(error))")
    }
    do {
      return try ModelImport(file, external: folder.map { try ExternalData(folder: $0) }, options: options).model()
    } catch let error as GraphError {
      throw ONNXError(error, file: name)
    } catch let error as ONNXError {
      throw error.within(name)
    }
  }
}

extension ONNXError {
  /// The same, with the file in front.
  fileprivate func within(_ file: String) -> ONNXError {
    ONNXError(String(code.dropFirst("onnx.".count)), subject: "\(file): \(subject)", expected: expected, found: found, category: category)
  }
}
