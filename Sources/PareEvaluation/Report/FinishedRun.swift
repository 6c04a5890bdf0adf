import Foundation
import PareArtifact

/// A run that has ended, as its folder holds it: what its report can be made from again.
///
/// `results.json` has all but the quantized layers, which `layers.json` beside it has; without that file the report has no such section.
public struct FinishedRun: Sendable {
  private enum Content: Sendable {
    case run(Results, LayerData)
    case series(SeriesResults)
  }

  private let folder: String
  private let content: Content

  /// - Parameter path: a run's folder, or the `results.json` in it; of one market and seed, or of several.
  /// - Throws: `.noInput` where it cannot be read, `.badData` where it holds something else.
  public init(path: String) throws {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    let file = exists && isFolder.boolValue ? path + "/results.json" : path
    folder = file.contains("/") ? String(file[..<(file.lastIndex(of: "/") ?? file.startIndex)]) : "."
    let text = try InputText.read(file)
    if let series = try? SeriesResults(json: text) {
      content = .series(series)
      return
    }
    do {
      let layers = folder + "/" + LayerData.file
      content = .run(try Results(json: text), FileManager.default.fileExists(atPath: layers) ? try LayerData(path: layers) : .none)
    } catch let error as DecodingError {
      throw EvaluationError("results", subject: file, expected: "a results.json of this version of Pare", found: error.place)
    }
  }

  /// The card of the model that was chosen; nil for a series, whose cases have one each.
  public var card: DeploymentCard? {
    if case .run(let results, _) = content { DeploymentCard(results) } else { nil }
  }

  /// Writes page and summary.
  ///
  /// - Parameter page: where the page goes; nil for `report.html` in the run's folder with `summary.md` beside it. The summary has the
  ///   page's name with `.md` in place of its ending.
  /// - Returns: the two paths.
  /// - Throws: `.usage` for a page whose name ends in `.md`; `artifact.cannot-write`.
  public func write(to page: String? = nil) throws -> [String] {
    let (html, markdown) =
      switch content {
      case .run(let results, let layers): (try Report(results, layers: layers).html(), RunSummary(results).markdown())
      case .series(let series): (try SeriesReport(series).html(), SeriesSummary(series).markdown())
      }
    var paths = ["\(folder)/report.html", "\(folder)/\(RunSummary.file)"]
    if let page {
      let url = URL(fileURLWithPath: page)
      guard url.pathExtension != "md" else {
        throw EvaluationError(
          "page", subject: "--out", expected: "the name of a page, beside which the summary gets the ending .md", found: "'\(page)'",
          category: .usage)
      }
      let stem = url.pathExtension.isEmpty ? page : String(page.dropLast(url.pathExtension.count + 1))
      paths = [page, stem + ".md"]
    }
    for (path, text) in zip(paths, [html, markdown]) { try WholeFile.write(Array(text.utf8), to: path) }
    return paths
  }
}

extension DecodingError {
  /// Where decoding failed, and why, in a few words.
  fileprivate var place: String {
    let (context, missing): (Context, String?) =
      switch self {
      case .keyNotFound(let key, let context): (context, "no '\(key.stringValue)'")
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): (context, nil)
      @unknown default: (Context(codingPath: [], debugDescription: "\(self)"), nil)
      }
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return (missing ?? "another value") + (path.isEmpty ? "" : " at \(path)")
  }
}
