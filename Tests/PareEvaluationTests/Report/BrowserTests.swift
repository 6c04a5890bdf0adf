import Foundation
import PareEvaluation
import Testing

/// Pages as a browser draws them and as a reader uses them.
@Suite(.enabled(if: Browser.path != nil, Browser.absent), .serialized) struct BrowserTests {
  /// Names of the plots that are to be seen and have nothing in them, and how many there are in all.
  private static let plots = """
    const seen = [...d.querySelectorAll('canvas')].filter(canvas => canvas.offsetParent);
    const isBlank = canvas => !canvas.width || !canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value, index) => index % 4 === 3 && value);
    const blank = seen.filter(isBlank).map(canvas => canvas.id);
    """

  private func report() async throws -> String {
    try String(contentsOfFile: try await SmallRun.shared.value.folder + "/report.html", encoding: .utf8)
  }

  @Test func everyPartOfAReportIsDrawnWithoutAnError() async throws {
    let outcome = try Browser.run(
      Self.plots + """
        const hidden = [...d.querySelectorAll('section[hidden]')].map(section => section.id);
        return { blank, plots: seen.length, hidden, errors: byId('errors') ? byId('errors').textContent : '', title: byId('title').textContent, terms: d.querySelectorAll('#card dt').length,
          links: [...d.querySelectorAll('#contents a')].every(link => byId(link.getAttribute('href').slice(1))) };
        """, on: try await report())
    #expect(outcome.console.isEmpty && outcome.value["errors"] as? String == "", "\(outcome)")
    #expect(outcome.value["blank"] as? [String] == [] && outcome.value["plots"] as? Int == 13, "\(outcome)")
    // Of rows that see a cross-section alone.
    #expect(outcome.value["hidden"] as? [String] == ["influence-section"], "\(outcome)")
    #expect(outcome.value["title"] as? String == "small" && outcome.value["links"] as? Bool == true)
    #expect((outcome.value["terms"] as? Int ?? 0) > 25)
  }

  /// Who knows the truth has neither bytes nor a time.
  @Test func aTeacherThatIsNoModelLeavesNoPartUndrawn() async throws {
    let folder = try ScratchFolder()
    var experiment = Small.experiment(.simulation(Small.simulation(candles: 2500)))
    experiment.teacher = TeacherConfiguration(TruthTeacher())
    experiment.candidates = Array(experiment.candidates.prefix(1))
    _ = try await Small.run(experiment, in: folder)
    let outcome = try Browser.run(
      Self.plots + """
        return { blank, errors: byId('errors') ? byId('errors').textContent : '', bytes: byId('candidates').textContent.includes('–') };
        """, on: try String(contentsOfFile: folder.file("run/report.html"), encoding: .utf8))
    #expect(outcome.console.isEmpty && outcome.value["errors"] as? String == "", "\(outcome)")
    #expect(outcome.value["blank"] as? [String] == [] && outcome.value["bytes"] as? Bool == true, "\(outcome)")
  }

  @Test func aHeadingSortsBothWaysAndSaysSo() async throws {
    let outcome = try Browser.run(
      """
      const box = byId('candidates'), heading = () => [...box.querySelectorAll('th')].find(th => th.textContent === 'net return');
      const column = () => { const index = heading().cellIndex; return [...box.querySelectorAll('tbody tr')].map(row => parseFloat(row.cells[index].textContent.replace('−', '-').replace(',', ''))); };
      const states = [];
      for (let time = 0; time < 2; time += 1) { heading().firstChild.click(); states.push([heading().getAttribute('aria-sort'), column()]); }
      byId('candidates').previousElementSibling.querySelector('[data-key=validation]').click();
      states.push([heading().getAttribute('aria-sort'), column()]);
      return { states, button: heading().firstChild.tagName, reachable: heading().firstChild.tabIndex };
      """, on: try await report())
    let states = try #require(outcome.value["states"] as? [[Any]], "\(outcome)")
    let columns = states.compactMap { $0[1] as? [Double] }
    #expect(states.map { $0[0] as? String } == ["descending", "ascending", "ascending"], "\(outcome)")
    #expect(columns.count == 3 && columns[0] == columns[0].sorted(by: >) && Set(columns[0]).count > 1)
    #expect(columns[1] == columns[0].reversed() && columns[2] == columns[2].sorted(), "the other part keeps the order asked for")
    #expect(outcome.value["button"] as? String == "BUTTON" && outcome.value["reachable"] as? Int == 0, "a key presses it")
  }

  @Test func hoveringSaysRecipeAndFigures() async throws {
    let outcome = try Browser.run(
      """
      const canvas = byId('frontier'), chart = w.Chart.getChart(canvas), place = canvas.getBoundingClientRect();
      const set = chart.data.datasets.findIndex(one => one.label === 'frontier'), point = chart.getDatasetMeta(set).data[0];
      const before = chart.tooltip.opacity;
      canvas.dispatchEvent(new w.MouseEvent('mousemove', { clientX: place.left + point.x, clientY: place.top + point.y, bubbles: true }));
      await pause();
      return { before, after: chart.tooltip.opacity, lines: (chart.tooltip.body || []).flatMap(part => part.lines), model: chart.data.datasets[set].data[0].model.name, made: chart.data.datasets[set].data[0].model.made };
      """, on: try await report())
    let lines = try #require(outcome.value["lines"] as? [String], "\(outcome)")
    #expect((outcome.value["before"] as? Double ?? 0) == 0 && (outcome.value["after"] as? Double ?? 0) > 0, "\(outcome)")
    for key in ["model", "made"] { #expect(lines.contains(outcome.value[key] as? String ?? "?"), "\(outcome)") }
    #expect(lines.contains { $0.hasPrefix("net return") } && lines.contains { $0.contains("p99") })
  }

  @Test func controlsTurnWhatIsDrawn() async throws {
    let outcome = try Browser.run(
      """
      const chart = id => w.Chart.getChart(byId(id)), lastOf = id => { const data = chart(id).data.datasets[0].data; return data[data.length - 1].y; };
      const net = lastOf('equity'), drawn = chart('equity').data.datasets.length;
      const press = (key, count) => d.querySelectorAll(`[data-key=${key}]`)[count || 0].click();
      press('gross');
      const gross = lastOf('equity'), pressed = [...d.querySelectorAll('[data-key=gross]')].map(button => button.getAttribute('aria-pressed'));
      const boxes = [...d.querySelectorAll('fieldset input')], unchecked = boxes.find(box => !box.checked);
      unchecked.click();
      const [across] = d.querySelectorAll('#frontier-axes select');
      const values = [...across.options].map(option => option.value);
      across.value = 'latency-p99';
      across.dispatchEvent(new w.Event('change'));
      return { net, gross, pressed, drawn, now: chart('equity').data.datasets.length, pooled: chart('walk-equity').data.datasets.length, values, axis: chart('frontier').options.scales.x.title.text,
        unlabelled: [...d.querySelectorAll('select, input')].filter(control => !control.closest('label')).length };
      """, on: try await report())
    let value = outcome.value
    let metrics = try await SmallRun.shared.value.results.candidates[0].test.money.metrics
    #expect(abs((value["net"] as? Double ?? 9) - 100 * metrics.netReturn) < 1e-6 && abs((value["gross"] as? Double ?? 9) - 100 * metrics.grossReturn) < 1e-6, "\(value)")
    #expect((value["pressed"] as? [String])?.allSatisfy { $0 == "true" } == true, "all of a kind turn together")
    #expect(value["now"] as? Int == (value["drawn"] as? Int ?? 0) + 1)
    #expect(Set(value["values"] as? [String] ?? []) == Set(Objective.allCases.map(\.rawValue)) && value["axis"] as? String == "one decision, 99th percentile")
    #expect(value["unlabelled"] as? Int == 0 && outcome.console.isEmpty)
  }

  @Test func aTelephoneShowsAllOfItWithoutScrollingSideways() async throws {
    for page in [try await report(), try String(contentsOfFile: try await SmallRun.series.value.folder + "/report.html", encoding: .utf8)] {
      let outcome = try Browser.run(
        Self.plots + """
          return { blank, width: d.documentElement.scrollWidth, frame: w.innerWidth };
          """, on: page, width: 360)
      #expect(outcome.value["frame"] as? Int == 360 && (outcome.value["width"] as? Int ?? 999) <= 360, "\(outcome)")
      #expect(outcome.value["blank"] as? [String] == [], "\(outcome)")
    }
  }

  @Test func resultsWithoutEvidenceStillMakeAPage() async throws {
    var results = try await SmallRun.shared.value.results
    for index in results.candidates.indices { (results.candidates[index].evidence, results.candidates[index].steps) = (nil, nil) }
    (results.walkForward, results.truth, results.chosen) = (nil, nil, nil)
    let outcome = try Browser.run(
      Self.plots + """
        return { blank, errors: byId('errors') ? byId('errors').textContent : '', chosen: byId('chosen').textContent };
        """, on: try Report(results).html())
    #expect(outcome.console.isEmpty && outcome.value["errors"] as? String == "" && outcome.value["blank"] as? [String] == [], "\(outcome)")
    #expect(outcome.value["chosen"] as? String == "Nothing is within the budget")
  }

  @Test func aPartThatFailsIsSaidAndTheOthersAreDrawn() async throws {
    let page = try await report().replacing("byId('card-subject').append(subject);", with: "throw new Error('broken');")
    let outcome = try Browser.run(
      Self.plots + """
        return { plots: seen.length, errors: byId('errors').textContent };
        """, on: page)
    #expect(outcome.value["plots"] as? Int == 13 && (outcome.value["errors"] as? String)?.contains("broken") == true, "\(outcome)")
  }

  @Test func aSeriesLinksToTheReportOfEveryCase() async throws {
    let series = try await SmallRun.series.value
    let outcome = try Browser.run(
      Self.plots + """
        return { blank, errors: byId('errors') ? byId('errors').textContent : '', links: [...d.querySelectorAll('#cases a')].map(link => link.getAttribute('href')),
          verdicts: [...d.querySelectorAll('#matrix .verdict')].map(verdict => verdict.textContent) };
        """, on: try String(contentsOfFile: series.folder + "/report.html", encoding: .utf8))
    #expect(outcome.console.isEmpty && outcome.value["blank"] as? [String] == [], "\(outcome)")
    let links = try #require(outcome.value["links"] as? [String])
    #expect(links == series.results.cases.map { "\($0.folder)/report.html" })
    #expect(links.allSatisfy { FileManager.default.fileExists(atPath: series.folder + "/" + $0) })
    #expect((outcome.value["verdicts"] as? [String])?.count == series.results.markets[0].models.count { $0.verdict != nil }, "each in words, not in colour alone")
  }
}
