extension PageSection {
  /// The deployment card, as `DeploymentCard` words it.
  static let card = PageSection(
    style: """
      #card { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); gap: 0 2rem; border: 1px solid var(--line); border-radius: 6px; padding: .2rem 1rem 1rem; }
      #card h3 { border-bottom: 1px solid var(--line); }
      """,
    body: """
      <h2>Deployment card</h2><p class="soft" id="card-subject"></p><div id="card"></div>
      """,
    script: #"""
      {
        const { subject, sections } = read('card-data');
        byId('card-subject').append(subject);
        for (const { title, entries } of sections) {
          const box = make('section', make('h3', title)), list = make('dl');
          describe(list, entries.map(({ term, text }) => [term, text]));
          box.append(list);
          byId('card').append(box);
        }
      }
      """#)
}
