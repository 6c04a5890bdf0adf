/// What `pare runs` and `pare compare` print of the runs that `RunsTests` makes.
enum RunsGolden {
  static let texts: [String: String] = [
    "list": """
      run  started (UTC)     experiment                  seed  data              chosen  test net  bytes  p99 ns
      ───  ────────────────  ──────────  ────────────────────  ────────────────  ──────  ────────  ─────  ──────
        2  2025-01-31 09:00  btc         18446744073709551615  file candles.csv  small     37.50%    250      62
        1  2025-01-31 08:00  btc                            1  file candles.csv  small     50.00%    250      62

      """,
    "show": """
      run 2: btc, seed 18446744073709551615, 2025-01-31T09:00:00Z
      data: file candles.csv, 0123456789abcdef
      Pare of an unknown version, kernels avx2, cost table fnv1a64:00
      chosen: small
      why: It has the fewest bytes.

      figure          teacher  ▶ small
      ──────────────  ───────  ───────
      bytes              1000      250
      latency_ns.p50     90.5       40
      latency_ns.p99      120     61.5

      validation  teacher  ▶ small
      ──────────  ───────  ───────
      net_return     0.25    0.375

      test        teacher  ▶ small  flat
      ──────────  ───────  ───────  ────
      flips.rate        0   0.0625     –
      net_return    0.125    0.375     0
      sharpe            –      1.5     –

      of the run  value
      ──────────  ─────
      data.rows     100

      file in runs/two      bytes  digest                    now
      ────────────────────  ─────  ────────────────────────  ──────────
      results.json           1059  fnv1a64:acca5281f81ccffd  as written
      artifacts/small.pare      5  fnv1a64:9de543933e6e703a  changed

      Configuration:
      name: btc
      seed: 18446744073709551615
      teacher:
        epochs: 8
        patience: 3

      """,
    "diff": """
                          run 1                 run 2
      ──────────────────  ────────────────────  ────────────────────
      experiment          btc                   btc
      seed                1                     18446744073709551615
      started             2025-01-31T08:00:00Z  2025-01-31T09:00:00Z
      data                file candles.csv      file candles.csv
      digest of the data  0123456789abcdef      0123456789abcdef
      version             –                     –
      kernels             avx2                  avx2
      cost table          fnv1a64:00            fnv1a64:00
      chosen              small                 small

      The data are the same.

      Configuration:
      - seed: 1
      + seed: 18446744073709551615
      -   epochs: 5
      +   epochs: 8

      candidate  part        figure      run 1  run 2  difference  ratio
      ─────────  ──────────  ──────────  ─────  ─────  ──────────  ─────
      teacher    test        sharpe          2      –           –      –
      small      test        net_return    0.5  0.375      -0.125  0.750
                 validation  net_return    0.5  0.375      -0.125  0.750

      13 other figures are equal.

      """,
    "compare": """
                          run 1                 elsewhere/three
      ──────────────────  ────────────────────  ────────────────────
      experiment          btc                   btc
      seed                1                     3
      started             2025-01-31T08:00:00Z  2025-01-31T08:00:00Z
      data                file candles.csv      file candles.csv
      digest of the data  0123456789abcdef      fedcba9876543210
      version             –                     –
      kernels             avx2                  avx2
      cost table          fnv1a64:00            fnv1a64:00
      chosen              small                 small

      The data differ.

      candidate  part        figure           run 1  elsewhere/three  difference  ratio
      ─────────  ──────────  ──────────────  ──────  ───────────────  ──────────  ─────
      teacher                bytes             1000             1000           0  1.000
                             latency_ns.p50    90.5             90.5           0  1.000
                             latency_ns.p99     120              120           0  1.000
                 validation  net_return        0.25             0.25           0  1.000
                 test        flips.rate           0                0           0      –
                 test        net_return       0.125            0.125           0  1.000
                 test        sharpe               2                2           0  1.000
      small                  bytes              250              250           0  1.000
                             latency_ns.p50      40               40           0  1.000
                             latency_ns.p99    61.5             61.5           0  1.000
                 validation  net_return         0.5              0.5           0  1.000
                 test        flips.rate      0.0625           0.0625           0  1.000
                 test        net_return         0.5              0.5           0  1.000
                 test        sharpe             1.5              1.5           0  1.000
      flat       test        net_return           0                0           0      –

      """,
  ]
}
