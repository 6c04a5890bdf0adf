import Foundation
import PareCompression
import PareEvaluation
import PareMarket
import Testing

/// Experiments on panels as files spell them.
struct PanelExperimentTests {
  private static func write(_ text: String) throws -> String {
    let path = NSTemporaryDirectory() + "panel-\(UUID().uuidString).yaml"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private static func read(_ text: String) throws -> PanelExperiment {
    try #require(try PanelFile.read(write(text))).experiment
  }

  private static let whole = """
    schema: 1
    name: shares
    seeds: [3, 4]
    panel: {panel: shares.csv, bad-rows: skip}
    groups: {file: industries.csv, column: industry}
    price-limit: 0.1
    features: {alpha: [5, 10], denoising: {wavelet: haar, levels: 1, window: 8}, clip: 4}
    label: {horizon: 5}
    split: {train: 0.5, validation: 0.25}
    days: {count: 12, warm-up: 4}
    loss: {squared-error: 1, correlation: 0.5, ranking: 0.25}
    training: {epochs: 2, batch-size: 1, learning-rate: 1e-3}
    teacher: [{s3g: {width: 4, rank: 2, states: 1, memory: 0}}, {s3g: {width: 8, groups: true}}]
    models:
      - {name: linear, network: {linear: {}}}
      - {name: trees, trees: {rounds: 5, depth: 2}}
      - {name: plain, network: {graph-attention: {hidden: [8], heads: 2, edges: groups, memory: 4}}, denoised: false}
    candidates:
      - name: student
        steps:
          - technique: distillation
            student: {s3g: {width: 4}}
            start: truncated
            graph: {adjacency: 0.5, change: 0.1, embeddings: 0.2}
            explanation: {points: 1, top: 0.3}
            temperature: 1
            hard-weight: 0
      - {name: int8, from: student, steps: [{technique: quantization, precision: int8}]}
    portfolio: {top: 10, drop: 2, cost-bp: 3, stamp-duty-bp: 10}
    walk-forward: {windows: 3, kind: rolling, models: [linear, student, int8]}
    margin: 0.01
    """

  @Test func everyKeyIsReadAndWrittenBack() throws {
    let experiment = try Self.read(Self.whole)
    #expect(experiment.seeds == [3, 4] && experiment.horizon == 5 && experiment.priceLimit == 0.1 && experiment.margin == 0.01)
    #expect(experiment.features.columns == Feature.alpha(windows: [5, 10]) && experiment.features.denoising?.wavelet == .haar)
    #expect(experiment.days == PanelDays(count: 12, warmUp: 4) && experiment.portfolio.stampDuty == 10)
    #expect(experiment.teacher.map(\.name) == ["s3g", "s3g"] && experiment.models.map(\.isDenoised) == [true, true, false])
    #expect(experiment.walkForward == PanelWalkForward(WalkForward(windows: 3, kind: .rolling), models: ["linear", "student", "int8"]))
    let again = try JSONDecoder().decode(PanelExperiment.self, from: JSONEncoder().encode(experiment))
    #expect(again == experiment)
  }

  @Test func aFileWithoutAPanelIsAnotherKindOfExperiment() throws {
    #expect(try PanelFile.read(Self.write("schema: 1\nname: x\ndata: {simulation: {}}\n")) == nil)
  }

  @Test(arguments: [
    ("panel: {panel: a.csv}", "panel: {simulation: {}}", "panel: expected a panel or a simulated-panel"),
    ("price-limit: 0.1", "price-limit: 10", "price-limit: expected a share above 0, below 1, found 10"),
    ("horizon: 5", "horizon: 0", "label.horizon: expected 1 to 1000 sessions, found 0"),
    ("horizon: 5", "horizonn: 5", "label.horizonn: expected"),
    ("warm-up: 4", "warm-up: 12", "days.warm-up: expected fewer than 'count' days, found 12"),
    ("correlation: 0.5", "correlation: -1", "loss.correlation: expected a number of at least 0"),
    ("{linear: {}}", "{lineal: {}}", "models[0].network.lineal: expected"),
    ("name: trees, trees: {rounds: 5, depth: 2}", "name: trees, trees: {rounds: 0}", "models[1].trees"),
    ("name: plain", "name: linear", "models[2].name: expected a name used once, found 'linear' again"),
    ("from: student", "from: pupil", "candidates[1].from: expected the teacher, a model or a candidate above"),
    ("groups: {file: industries.csv, column: industry}", "margin: 0.02", "margin"),
    ("alpha: [5, 10]", "alpha: [5, 5]", "features.alpha: expected different windows"),
    ("levels: 1, window: 8", "levels: 9, window: 8", "levels"), ("top: 10", "top: 0", "portfolio.top: expected 1 or more"),
    ("adjacency: 0.5, change: 0.1, embeddings: 0.2", "adjacency: 0", "graph: expected one weight above 0"),
    ("top: 0.3", "top: 1", "explanation.top: expected a share above 0, below 1"), ("width: 4, rank: 2", "width: 0, rank: 2", "teacher[0].s3g.width"),
    ("windows: 3", "windows: 1", "walk-forward.windows: expected 2 to 100, found 1"), ("kind: rolling", "kind: roling", "walk-forward.kind"),
    ("models: [linear, student, int8]", "models: []", "walk-forward.models: expected at least one model or candidate, found none"),
    ("models: [linear, student, int8]", "models: [lineal]", "walk-forward.models: expected models and candidates of the experiment, found 'lineal'"),
    ("models: [linear, student, int8]", "models: [int8]", "walk-forward.models: expected 'student' beside 'int8', which starts from it"),
    ("margin: 0.01", "margin: 0", "margin: expected a number above 0"), ("seeds: [3, 4]", "seeds: [3, 3]", "seeds: expected one or more different seeds"),
  ])
  func aMistakeIsNamedByItsPlace(right: String, wrong: String, message: String) throws {
    let text = Self.whole.replacing("panel: {panel: shares.csv, bad-rows: skip}", with: "panel: {panel: a.csv}")
    #expect(text.contains(right), "\(right)")
    do {
      _ = try Self.read(text.replacing(right, with: wrong, maxReplacements: 1))
      Issue.record("no error for \(wrong)")
    } catch {
      #expect("\(error)".contains(message), "\(error)")
    }
  }

  @Test func groupsThatNetworksNeedHaveToBeNamed() throws {
    let text = Self.whole.replacing("groups: {file: industries.csv, column: industry}\n", with: "")
    #expect { _ = try Self.read(text) } throws: { "\($0)".contains("teacher[1]: expected no groups, since the experiment names none") }
  }
}
