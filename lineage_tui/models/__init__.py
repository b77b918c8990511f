"""What the list views show, without a widget: kept up to date change by change, whatever their size."""
