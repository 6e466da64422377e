"""What readers see: charts, tables, workbooks and sentences, in French. Computes no figure of its own."""
