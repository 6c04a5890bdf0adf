/// What a report is put together from, in the order of the page.
enum ReportPage {
  static let sections: [PageSection] = [
    .reading, .choice, .frontier, .equity, .verdicts, .card, .candidates, .changes, .regimes, .stress, .delays, .latency, .calibration, .teacher, .influence,
    .walkForward, .precision, .steps, .quantizedLayers, .data, .contents,
  ]
}
