import Foundation
import Testing

/// Chromium without a window, to see what a page does.
enum Browser {
  static let absent: Comment = "no Chromium on this machine: what a page does is not looked at"

  static let path: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    return names.lazy.flatMap { name in folders.map { "\($0)/\(name)" } }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// What a page said, and what came of a script in it.
  struct Outcome {
    /// Lines of its console.
    var console: [String]
    var value: [String: Any]
  }

  /// Opens a page in a frame and runs a script with `w` and `d`, its window and document, which returns an object.
  ///
  /// Time is the browser's own: waiting costs none.
  ///
  /// - Parameter width: of the frame, in CSS pixels.
  static func run(_ script: String, on page: String, width: Int = 1000) throws -> Outcome {
    let folder = try ScratchFolder()
    let content = String(decoding: try JSONEncoder().encode([page]), as: UTF8.self).replacing("<", with: "\\u003c")
    let file = try folder.write(
      """
      <!doctype html><meta charset="utf-8"><iframe id="frame" style="width:\(width)px;height:1200px;border:0"></iframe><pre id="out"></pre>
      <script type="application/json" id="page">\(content)</script>
      <script>
      const frame = document.getElementById('frame'), pause = () => new Promise(done => setTimeout(done, 200));
      frame.onload = async () => {
        const w = frame.contentWindow, d = frame.contentDocument, byId = id => d.getElementById(id);
        let value;
        try { value = await (async () => { \(script) })(); } catch (error) { value = { failure: String(error.stack) }; }
        document.getElementById('out').textContent = btoa(encodeURIComponent(JSON.stringify(value)));
      };
      frame.srcdoc = JSON.parse(document.getElementById('page').textContent)[0];
      </script>
      """, to: "page.html")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path ?? "")
    process.arguments = [
      "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=20000", "--window-size=1300,1300",
      "--user-data-dir=" + folder.file("profile"), "--dump-dom", "file://" + file,
    ]
    let (output, errors) = (folder.file("out"), folder.file("errors"))
    for path in [output, errors] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
    try process.run()
    process.waitUntilExit()
    let text = try String(contentsOfFile: output, encoding: .utf8)
    let coded = try #require(text.components(separatedBy: "<pre id=\"out\">").last?.components(separatedBy: "</pre>").first)
    let data = try #require(Data(base64Encoded: coded), "the script gave nothing back")
    let json = try #require(String(decoding: data, as: UTF8.self).removingPercentEncoding)
    let value = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let console = String(decoding: try Data(contentsOf: URL(fileURLWithPath: errors)), as: UTF8.self).split(separator: "\n").filter { $0.contains("CONSOLE") }
    return Outcome(console: console.map(String.init), value: value)
  }
}
